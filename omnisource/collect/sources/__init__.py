"""Where candidates come from; `open_source` gives what asks a searched source of the study (paper 3.3)."""

from omnisource.collect.sources.opening import open_source as open_source
