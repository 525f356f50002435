"""The atlas: one static site of all published studies, with a card for each activation.

    evidence          what each study found, as its own analysis says
    activation_cards  what is known of one activation, as a value for card.json and for its page
    settings_matrix   activations × settings, for the index
    head_to_head      every pair that a study compared, for the page that sets two side by side
    site              all of it as {path: bytes}

Nothing is pooled over settings. A difference, its interval and its verdict are those of the study
that they come from.
"""
