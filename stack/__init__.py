"""The embedded services and the commands of ./govcn. Standard library only: it runs before .venv exists."""
