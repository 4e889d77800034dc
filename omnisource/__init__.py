"""OmniSource: from labelled clips and noisy web data to a better video-recognition model (ECCV 2020)."""

__version__ = "0.1.0"
