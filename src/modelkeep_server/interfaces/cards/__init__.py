"""What the pages and the API share of model cards: how their values are drawn, and the HTML file."""
