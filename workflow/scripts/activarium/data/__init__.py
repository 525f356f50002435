"""From official archives to one memory-mappable file of images a data set, checked on the way."""
