"""The pages for people: the group's tasks, live, and a page for each of them."""
