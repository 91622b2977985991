"""Views: a result as tables, plots and one page. Nothing here runs or changes anything."""
