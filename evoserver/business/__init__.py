"""The sample sales database, which a team queries where no other business database is named. No Django."""
