"""How somebody acts in a lab: principals and their sessions, roles that are assumed, the environment."""
