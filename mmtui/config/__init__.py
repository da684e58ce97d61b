"""TOML -> frozen structs, with errors that name file, line and key; where things live on this machine."""
