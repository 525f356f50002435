"""Studies and parts of studies, trained one after the other in the minutes that there are."""
