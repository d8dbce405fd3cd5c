"""Before anything is loaded: can everything that the run needs be reached and used?"""
