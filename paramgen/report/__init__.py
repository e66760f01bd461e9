"""Pages and pictures of results: values in, bytes out."""
