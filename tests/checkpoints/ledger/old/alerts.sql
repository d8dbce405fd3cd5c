INSERT INTO alerts ("key", thread, kind, severity, worst, channels, problem, opened_at, last_failed_at, failed_runs, flapping)
    VALUES ('a', 'run-0', 'expectation', 'critical', 'critical', '["slack"]', '{"key": "a", "kind": "expectation", "severity": "critical", "title": "ids repeat"}', '2025-09-30 12:10:00', '2025-10-01 11:40:00', 3, true);
INSERT INTO alerts ("key", thread, kind, severity, worst, channels, problem, opened_at, last_failed_at, failed_runs, resolved_at)
    VALUES ('b', 'run-0', 'expectation', 'warning', 'warning', '[]', '{"key": "b", "kind": "expectation", "severity": "warning", "title": "nulls"}', '2025-09-30 12:10:00', '2025-09-30 12:10:00', 1, '2025-10-01 11:40:00');
