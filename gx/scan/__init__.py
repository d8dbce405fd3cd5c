"""One scan per table: all that a suite needs to know of a table, read in one SELECT.

GX asks for *metrics*: a row count, a number of unexpected values, a maximum, a sample. Its own resolver sends them
in waves and asks for samples and the schema whether or not anybody needs them. Here GX's expectations name their
metrics and judge them as ever (:mod:`gx.scan.suite`), GX's providers still write the SQL of each
(:mod:`gx.scan.stock`), and a :class:`~gx.scan.scan.Scan` reads them: every metric that is an aggregate becomes a
column of one SELECT (:mod:`gx.scan.metrics`, :mod:`gx.scan.select`), and what needs a query of its own (the sample of
an expectation that failed, the schema) is asked only when it is needed.
"""
