"""Where the data is: one module per engine; `gx.warehouse.opening` chooses by the URL."""
