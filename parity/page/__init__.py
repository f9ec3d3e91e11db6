"""Reports as one HTML page that needs no network and no server: what it says, in parts; the looks are in its files."""
