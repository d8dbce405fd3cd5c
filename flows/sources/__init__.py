"""Where the data comes from: Stripe, PostgreSQL, Fivetran, and their embedded stand-ins."""
