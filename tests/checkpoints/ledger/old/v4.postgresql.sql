CREATE TABLE alerts (
    id SERIAL NOT NULL,
    key VARCHAR(200) NOT NULL,
    thread VARCHAR(200) NOT NULL,
    kind VARCHAR(20) NOT NULL,
    severity VARCHAR(10) NOT NULL,
    worst VARCHAR(10) NOT NULL,
    channels JSON NOT NULL,
    problem JSON NOT NULL,
    opened_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    last_failed_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    failed_runs INTEGER NOT NULL,
    resolved_at TIMESTAMP WITHOUT TIME ZONE,
    acknowledged_at TIMESTAMP WITHOUT TIME ZONE,
    acknowledged_by VARCHAR(200),
    snoozed_until TIMESTAMP WITHOUT TIME ZONE,
    snoozed_by VARCHAR(200),
    snooze_reason TEXT,
    flaps INTEGER DEFAULT '0' NOT NULL,
    flapping BOOLEAN DEFAULT false NOT NULL,
    critical_at TIMESTAMP WITHOUT TIME ZONE,
    reminded_at TIMESTAMP WITHOUT TIME ZONE,
    escalated_at TIMESTAMP WITHOUT TIME ZONE,
    PRIMARY KEY (id)
);
CREATE INDEX ix_alerts_key ON alerts (key, resolved_at);
CREATE INDEX ix_alerts_thread ON alerts (thread);
CREATE TABLE checkpoint_runs (
    run_id VARCHAR(200) NOT NULL,
    checkpoint VARCHAR(200) NOT NULL,
    ingest_id VARCHAR(200) NOT NULL,
    started_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    finished_at TIMESTAMP WITHOUT TIME ZONE,
    verdict VARCHAR(10),
    reasons JSON NOT NULL,
    PRIMARY KEY (run_id)
);
CREATE INDEX ix_checkpoint_runs_latest ON checkpoint_runs (checkpoint, ingest_id, started_at);
CREATE TABLE deliveries (
    id VARCHAR(64) NOT NULL,
    number INTEGER NOT NULL,
    channel VARCHAR(100) NOT NULL,
    thread VARCHAR(200) NOT NULL,
    kind VARCHAR(20) NOT NULL,
    severity VARCHAR(10) NOT NULL,
    message JSON NOT NULL,
    state VARCHAR(20) NOT NULL,
    created_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    due_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    attempts INTEGER DEFAULT '0' NOT NULL,
    claimed_until TIMESTAMP WITHOUT TIME ZONE,
    maybe_sent BOOLEAN DEFAULT false NOT NULL,
    problem TEXT,
    delivered_at TIMESTAMP WITHOUT TIME ZONE,
    PRIMARY KEY (id)
);
CREATE INDEX ix_deliveries_due ON deliveries (state, due_at);
CREATE INDEX ix_deliveries_number ON deliveries (number);
CREATE INDEX ix_deliveries_thread ON deliveries (channel, thread, number);
CREATE TABLE flow_runs (
    id VARCHAR(64) NOT NULL,
    flow VARCHAR(200) NOT NULL,
    what TEXT NOT NULL,
    ingest_id VARCHAR(200),
    prefect_url TEXT,
    started_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    alive_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    finished_at TIMESTAMP WITHOUT TIME ZONE,
    state VARCHAR(20),
    problem TEXT,
    PRIMARY KEY (id)
);
CREATE INDEX ix_flow_runs_flow ON flow_runs (flow, started_at);
CREATE INDEX ix_flow_runs_started_at ON flow_runs (started_at);
CREATE TABLE gate_decisions (
    id SERIAL NOT NULL,
    load VARCHAR(100) NOT NULL,
    ingest_id VARCHAR(200) NOT NULL,
    checkpoint VARCHAR(200) NOT NULL,
    run_id VARCHAR(200) NOT NULL,
    verdict VARCHAR(10) NOT NULL,
    decision VARCHAR(10) NOT NULL,
    reasons JSON NOT NULL,
    decided_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    valid_until TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX ix_gate_decisions_latest ON gate_decisions (load, ingest_id, checkpoint, id);
CREATE TABLE ingests (
    ingest_id VARCHAR(200) NOT NULL,
    source VARCHAR(200) NOT NULL,
    started_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    finished_at TIMESTAMP WITHOUT TIME ZONE,
    number INTEGER DEFAULT '0' NOT NULL,
    PRIMARY KEY (ingest_id)
);
CREATE INDEX ix_ingests_number ON ingests (number);
CREATE INDEX ix_ingests_started_at ON ingests (started_at);
CREATE TABLE overrides (
    id SERIAL NOT NULL,
    load VARCHAR(100) NOT NULL,
    ingest_id VARCHAR(200),
    reason TEXT NOT NULL,
    made_by VARCHAR(200) NOT NULL,
    made_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    valid_until TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    revoked_at TIMESTAMP WITHOUT TIME ZONE,
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
CREATE TABLE schedules (
    flow VARCHAR(200) NOT NULL,
    cron VARCHAR(200) NOT NULL,
    time_zone VARCHAR(100) NOT NULL,
    since TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    PRIMARY KEY (flow)
);
CREATE TABLE schema_version (
    version SERIAL NOT NULL,
    PRIMARY KEY (version)
);
CREATE TABLE suite_runs (
    suite VARCHAR(200) NOT NULL,
    finished INTEGER NOT NULL,
    PRIMARY KEY (suite)
);
CREATE TABLE threads (
    channel VARCHAR(100) NOT NULL,
    thread VARCHAR(200) NOT NULL,
    ref TEXT NOT NULL,
    updated_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    PRIMARY KEY (channel, thread)
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
    measured_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    PRIMARY KEY (run_id, table_name),
    FOREIGN KEY(run_id) REFERENCES checkpoint_runs (run_id)
);
CREATE INDEX ix_row_counts_latest ON row_counts (table_name, measured_at);
