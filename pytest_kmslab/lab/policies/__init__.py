"""Policies as the lab takes them: read before anything is made, looked for, and explained where refused."""
