"""Public functions with torch's signatures, one file a family; importing the package fills the registry."""
