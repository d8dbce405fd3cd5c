"""How a message looks, one module for each format; each is a pure function of the message."""
