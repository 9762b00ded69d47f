"""Weekly recommendations: lawful moves of people to posts, exactly optimal, proved and explained."""
