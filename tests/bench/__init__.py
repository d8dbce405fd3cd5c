"""`make bench`: what one validation costs, side by side with other tools and with one hand-written SELECT.

``python -m tests.bench --help`` says what can be chosen. Tools are worker processes, so that each can live in its own
environment and stay warm while the others take their turns. A benchmark, not a test: pytest collects nothing here.
"""
