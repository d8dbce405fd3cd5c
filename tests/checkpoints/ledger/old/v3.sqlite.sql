CREATE TABLE checkpoint_runs (
    run_id VARCHAR(200) NOT NULL,
    checkpoint VARCHAR(200) NOT NULL,
    ingest_id VARCHAR(200) NOT NULL,
    started_at DATETIME NOT NULL,
    finished_at DATETIME,
    verdict VARCHAR(10),
    reasons JSON NOT NULL,
    PRIMARY KEY (run_id)
);
CREATE INDEX ix_checkpoint_runs_latest ON checkpoint_runs (checkpoint, ingest_id, started_at);
CREATE TABLE gate_decisions (
    id INTEGER NOT NULL,
    load VARCHAR(100) NOT NULL,
    ingest_id VARCHAR(200) NOT NULL,
    checkpoint VARCHAR(200) NOT NULL,
    run_id VARCHAR(200) NOT NULL,
    verdict VARCHAR(10) NOT NULL,
    decision VARCHAR(10) NOT NULL,
    reasons JSON NOT NULL,
    decided_at DATETIME NOT NULL,
    valid_until DATETIME NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX ix_gate_decisions_latest ON gate_decisions (load, ingest_id, checkpoint, id);
CREATE TABLE ingests (
    ingest_id VARCHAR(200) NOT NULL,
    source VARCHAR(200) NOT NULL,
    started_at DATETIME NOT NULL,
    finished_at DATETIME,
    number INTEGER DEFAULT '0' NOT NULL,
    PRIMARY KEY (ingest_id)
);
CREATE INDEX ix_ingests_number ON ingests (number);
CREATE INDEX ix_ingests_started_at ON ingests (started_at);
CREATE TABLE overrides (
    id INTEGER NOT NULL,
    load VARCHAR(100) NOT NULL,
    ingest_id VARCHAR(200),
    reason TEXT NOT NULL,
    made_by VARCHAR(200) NOT NULL,
    made_at DATETIME NOT NULL,
    valid_until DATETIME NOT NULL,
    revoked_at DATETIME,
    revoked_by VARCHAR(200),
    PRIMARY KEY (id)
);
CREATE INDEX ix_overrides_live ON overrides (load, valid_until);
CREATE TABLE scan_states (
    suite VARCHAR(200) NOT NULL,
    run_id VARCHAR(200) NOT NULL,
    state JSON NOT NULL,
    PRIMARY KEY (suite)
);
CREATE TABLE schema_version (
    version INTEGER NOT NULL,
    PRIMARY KEY (version)
);
CREATE TABLE suite_runs (
    suite VARCHAR(200) NOT NULL,
    finished INTEGER NOT NULL,
    PRIMARY KEY (suite)
);
CREATE TABLE expectation_results (
    run_id VARCHAR(200) NOT NULL,
    position INTEGER NOT NULL,
    suite VARCHAR(200) NOT NULL,
    table_name VARCHAR(600) NOT NULL,
    expectation VARCHAR(200) NOT NULL,
    column_name TEXT,
    severity VARCHAR(10) NOT NULL,
    blocking BOOLEAN NOT NULL,
    success BOOLEAN,
    observed_value JSON,
    element_count BIGINT,
    unexpected_count BIGINT,
    error TEXT,
    sentence TEXT,
    PRIMARY KEY (run_id, position),
    FOREIGN KEY(run_id) REFERENCES checkpoint_runs (run_id)
);
CREATE TABLE ingest_tables (
    ingest_id VARCHAR(200) NOT NULL,
    table_name VARCHAR(600) NOT NULL,
    rows BIGINT NOT NULL,
    PRIMARY KEY (ingest_id, table_name),
    FOREIGN KEY(ingest_id) REFERENCES ingests (ingest_id)
);
CREATE TABLE row_counts (
    run_id VARCHAR(200) NOT NULL,
    table_name VARCHAR(600) NOT NULL,
    row_count BIGINT NOT NULL,
    measured_at DATETIME NOT NULL,
    PRIMARY KEY (run_id, table_name),
    FOREIGN KEY(run_id) REFERENCES checkpoint_runs (run_id)
);
CREATE INDEX ix_row_counts_latest ON row_counts (table_name, measured_at);
