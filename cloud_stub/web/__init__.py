"""The owner's pages, the API for owners and modules, and the upload and media routes."""
