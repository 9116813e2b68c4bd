"""The boards that this agent is known to fit on, one TOML file each; `profiles` reads and recognises them."""
