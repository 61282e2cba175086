"""Teams: agents that speak in turns, until their planner says that the question is answered."""
