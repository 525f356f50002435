"""Claims about activations settled by proof: those of the literature, duplicates and distances."""
