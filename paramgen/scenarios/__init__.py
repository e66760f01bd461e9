"""What is replayed where no history says enough: episodes, stress, labelled generated paths."""
