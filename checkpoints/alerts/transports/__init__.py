"""How a message travels, one module for each way; each tells what failed as a DeliveryError that holds no secret."""
