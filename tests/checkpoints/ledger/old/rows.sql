INSERT INTO ingests (ingest_id, source, started_at, finished_at) VALUES ('ingest-0', 'stripe', '2025-09-30 12:00:00', '2025-09-30 12:05:00');
INSERT INTO ingests (ingest_id, source, started_at, finished_at) VALUES ('ingest-1', 'stripe', '2025-10-01 12:00:00', '2025-10-01 12:05:00');
INSERT INTO ingest_tables VALUES ('ingest-1', 'raw.charges', 1423);
INSERT INTO checkpoint_runs VALUES ('run-0', 'staging', 'ingest-0', '2025-09-30 12:00:00', '2025-09-30 12:10:00', 'failed', '["ids repeat"]');
INSERT INTO checkpoint_runs VALUES ('run-1', 'staging', 'ingest-1', '2025-10-01 12:00:00', '2025-10-01 12:10:00', 'passed', '[]');
INSERT INTO checkpoint_runs VALUES ('run-2', 'staging', 'ingest-1', '2025-10-01 12:00:00', NULL, NULL, '[]');
INSERT INTO expectation_results VALUES ('run-0', 0, 'shop.orders', 'shop.orders', 'expect_column_values_to_be_unique', 'id', 'critical', true, false, '0.5', 10, 5, NULL, NULL);
INSERT INTO expectation_results VALUES ('run-1', 0, 'shop.orders', 'shop.orders', 'expect_column_values_to_be_unique', 'id', 'critical', true, true, '1', 10, 0, NULL, NULL);
INSERT INTO expectation_results VALUES ('run-1', 1, 'shop.orders', 'shop.orders', 'expect_column_values_to_not_be_null', 'id', 'critical', true, true, NULL, 10, 0, NULL, NULL);
INSERT INTO row_counts VALUES ('run-0', 'shop.orders', 20, '2025-09-30 12:10:00');
INSERT INTO row_counts VALUES ('run-1', 'shop.orders', 10, '2025-10-01 12:10:00');
INSERT INTO gate_decisions ("load", ingest_id, checkpoint, run_id, verdict, decision, reasons, decided_at, valid_until)
    VALUES ('marts', 'ingest-0', 'staging', 'run-0', 'failed', 'closed', '["ids repeat"]', '2025-09-30 12:10:00', '2025-10-01 12:10:00');
INSERT INTO gate_decisions ("load", ingest_id, checkpoint, run_id, verdict, decision, reasons, decided_at, valid_until)
    VALUES ('marts', 'ingest-1', 'staging', 'run-1', 'passed', 'open', '[]', '2025-10-01 12:10:00', '2025-10-02 12:10:00');
