"""What is replayed where no history says enough: episodes, stress, generated paths, labelled as such."""
