"""Where the data is and where results go: settings, warehouses, the GX context, Data Docs."""
