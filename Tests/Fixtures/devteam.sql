-- The database of a team of agents: 29 tables, the keys and indexes that go with them, views, triggers, a schema version.
PRAGMA journal_mode = DELETE;
BEGIN;
CREATE TABLE acceptance_criteria (
    id INTEGER PRIMARY KEY,
    task_id TEXT REFERENCES tasks(id) ON DELETE CASCADE,
    sprint_id TEXT,
    plan_id TEXT REFERENCES plans(id) ON DELETE CASCADE,
    criterion_id TEXT,
    description TEXT,
    category TEXT,
    passes BOOLEAN,
    verified_at TIMESTAMP,
    verified_by TEXT,
    verification_method TEXT,
    verification_evidence TEXT,
    last_failure_reason TEXT,
    failure_count INTEGER,
    priority TEXT,
    sequence INTEGER,
    created_at TIMESTAMP,
    updated_at TIMESTAMP
);
CREATE INDEX acceptance_criteria_by_task_id ON acceptance_criteria(task_id);
CREATE INDEX acceptance_criteria_by_plan_id ON acceptance_criteria(plan_id);
CREATE INDEX acceptance_criteria_by_sprint_id ON acceptance_criteria(sprint_id);
CREATE INDEX acceptance_criteria_by_created_at ON acceptance_criteria(created_at);
CREATE TABLE agent_runs (
    id INTEGER PRIMARY KEY,
    session_id TEXT REFERENCES sessions(id) ON DELETE CASCADE,
    agent TEXT,
    agent_type TEXT,
    model TEXT,
    started_at TIMESTAMP,
    ended_at TIMESTAMP,
    duration_seconds INTEGER,
    status TEXT,
    error_message TEXT,
    error_type TEXT,
    task_id TEXT REFERENCES tasks(id) ON DELETE SET NULL,
    iteration INTEGER,
    attempt INTEGER,
    tokens_input INTEGER,
    tokens_output INTEGER,
    cost_cents INTEGER,
    files_changed JSON,
    output_summary TEXT
);
CREATE INDEX agent_runs_by_session_id ON agent_runs(session_id);
CREATE INDEX agent_runs_by_task_id ON agent_runs(task_id);
CREATE INDEX agent_runs_by_status ON agent_runs(status);
CREATE INDEX agent_runs_by_agent ON agent_runs(agent);
CREATE TABLE baselines (
    id INTEGER PRIMARY KEY,
    tag_name TEXT,
    commit_hash TEXT,
    milestone TEXT,
    description TEXT,
    branch TEXT,
    files_changed INTEGER,
    created_at TIMESTAMP
);
CREATE INDEX baselines_by_created_at ON baselines(created_at);
CREATE TABLE bugs (
    id INTEGER PRIMARY KEY,
    session_id TEXT REFERENCES sessions(id) ON DELETE CASCADE,
    description TEXT,
    severity TEXT,
    complexity TEXT,
    root_cause TEXT,
    diagnosis_method TEXT,
    fix_summary TEXT,
    files_changed JSON,
    prevention_measures TEXT,
    status TEXT,
    created_at TIMESTAMP,
    resolved_at TIMESTAMP,
    council_activated BOOLEAN,
    council_votes JSON
);
CREATE INDEX bugs_by_session_id ON bugs(session_id);
CREATE TABLE checkpoint_restores (
    id INTEGER PRIMARY KEY,
    checkpoint_id TEXT REFERENCES checkpoints(checkpoint_id) ON DELETE CASCADE,
    restored_at TIMESTAMP
);
CREATE TABLE checkpoints (
    id INTEGER PRIMARY KEY,
    checkpoint_id TEXT NOT NULL UNIQUE,
    path TEXT,
    description TEXT,
    git_commit TEXT,
    session_id TEXT REFERENCES sessions(id) ON DELETE SET NULL,
    task_id TEXT REFERENCES tasks(id) ON DELETE SET NULL,
    sprint_id TEXT,
    can_restore BOOLEAN,
    created_at TIMESTAMP
);
CREATE INDEX checkpoints_by_session_id ON checkpoints(session_id);
CREATE INDEX checkpoints_by_task_id ON checkpoints(task_id);
CREATE INDEX checkpoints_by_sprint_id ON checkpoints(sprint_id);
CREATE TABLE context_budgets (
    id INTEGER PRIMARY KEY,
    session_id TEXT REFERENCES sessions(id) ON DELETE CASCADE,
    model TEXT,
    context_limit INTEGER,
    current_usage INTEGER,
    usage_percent REAL,
    warn_threshold INTEGER,
    summarize_threshold INTEGER,
    status TEXT,
    last_action TEXT,
    updated_at TIMESTAMP
);
CREATE TABLE context_snapshots (
    id INTEGER PRIMARY KEY,
    session_id TEXT REFERENCES sessions(id) ON DELETE CASCADE,
    snapshot_type TEXT,
    tokens_before INTEGER,
    tokens_after INTEGER,
    tokens_saved INTEGER,
    preserved_items JSON,
    summarized_items JSON,
    summary_text TEXT,
    trigger_reason TEXT,
    created_at TIMESTAMP
);
CREATE INDEX context_snapshots_by_session_id ON context_snapshots(session_id);
CREATE TABLE dead_letter (
    id INTEGER PRIMARY KEY,
    operation_type TEXT,
    operation_params JSON,
    error_message TEXT,
    stack_trace TEXT,
    attempt_count INTEGER,
    session_id TEXT,
    task_id TEXT,
    status TEXT,
    retry_after TIMESTAMP,
    expires_at TIMESTAMP,
    created_at TIMESTAMP
);
CREATE INDEX dead_letter_by_session_id ON dead_letter(session_id);
CREATE TABLE error_log (
    id INTEGER PRIMARY KEY,
    session_id TEXT,
    task_id TEXT,
    operation TEXT,
    error_type TEXT,
    error_message TEXT,
    error_pattern TEXT,
    recovery_action TEXT,
    recovery_success BOOLEAN,
    retry_count INTEGER,
    circuit_opened BOOLEAN,
    logged_at TIMESTAMP
);
CREATE INDEX error_log_by_session_id ON error_log(session_id);
CREATE INDEX error_log_by_task_id ON error_log(task_id);
CREATE TABLE escalations (
    id INTEGER PRIMARY KEY,
    session_id TEXT REFERENCES sessions(id) ON DELETE CASCADE,
    from_model TEXT,
    to_model TEXT,
    agent TEXT,
    reason TEXT,
    failure_count INTEGER,
    iteration INTEGER,
    task_id TEXT,
    timestamp TIMESTAMP
);
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    session_id TEXT REFERENCES sessions(id) ON DELETE CASCADE,
    timestamp TIMESTAMP,
    event_type TEXT,
    event_category TEXT,
    agent TEXT,
    model TEXT,
    iteration INTEGER,
    phase TEXT,
    data JSON,
    metadata JSON,
    message TEXT,
    tokens_input INTEGER,
    tokens_output INTEGER,
    cost_cents INTEGER
);
CREATE INDEX events_by_session_id ON events(session_id);
CREATE INDEX events_by_event_type ON events(event_type);
CREATE INDEX events_by_timestamp ON events(timestamp);
CREATE INDEX events_by_agent ON events(agent);
CREATE INDEX events_by_model ON events(model);
CREATE INDEX events_by_event_category ON events(event_category);
CREATE TABLE features (
    id INTEGER PRIMARY KEY,
    plan_id TEXT REFERENCES plans(id) ON DELETE CASCADE,
    sprint_id TEXT,
    feature_id TEXT,
    name TEXT,
    description TEXT,
    category TEXT,
    steps JSON,
    passes BOOLEAN,
    all_steps_pass BOOLEAN,
    steps_total INTEGER,
    steps_passed INTEGER,
    verified_at TIMESTAMP,
    verified_by TEXT,
    priority TEXT,
    sequence INTEGER,
    created_at TIMESTAMP,
    updated_at TIMESTAMP
);
CREATE INDEX features_by_plan_id ON features(plan_id);
CREATE INDEX features_by_sprint_id ON features(sprint_id);
CREATE INDEX features_by_created_at ON features(created_at);
CREATE TABLE gate_results (
    id INTEGER PRIMARY KEY,
    session_id TEXT REFERENCES sessions(id) ON DELETE CASCADE,
    gate TEXT,
    iteration INTEGER,
    passed BOOLEAN,
    details JSON,
    error_count INTEGER,
    warning_count INTEGER,
    coverage_percent REAL,
    timestamp TIMESTAMP,
    duration_seconds INTEGER
);
CREATE INDEX gate_results_by_session_id ON gate_results(session_id);
CREATE INDEX gate_results_by_timestamp ON gate_results(timestamp);
CREATE TABLE interview_questions (
    id INTEGER PRIMARY KEY,
    interview_id INTEGER REFERENCES interviews(id) ON DELETE CASCADE,
    question_key TEXT,
    question_text TEXT,
    question_type TEXT,
    response TEXT,
    responded_at TIMESTAMP,
    sequence INTEGER,
    required BOOLEAN
);
CREATE INDEX interview_questions_by_interview_id ON interview_questions(interview_id);
CREATE TABLE interviews (
    id INTEGER PRIMARY KEY,
    session_id TEXT REFERENCES sessions(id) ON DELETE CASCADE,
    interview_type TEXT,
    started_at TIMESTAMP,
    completed_at TIMESTAMP,
    status TEXT,
    questions_asked INTEGER,
    questions_answered INTEGER
);
CREATE INDEX interviews_by_session_id ON interviews(session_id);
CREATE TABLE plans (
    id TEXT PRIMARY KEY,
    name TEXT,
    description TEXT,
    plan_type TEXT,
    prd_path TEXT,
    tasks_path TEXT,
    sprints_path TEXT,
    status TEXT,
    total_sprints INTEGER,
    completed_sprints INTEGER,
    total_tasks INTEGER,
    completed_tasks INTEGER,
    created_at TIMESTAMP,
    started_at TIMESTAMP,
    completed_at TIMESTAMP,
    research_session_id INTEGER REFERENCES research_sessions(id) ON DELETE SET NULL
);
CREATE INDEX plans_by_status ON plans(status);
CREATE TABLE progress_summaries (
    id INTEGER PRIMARY KEY,
    session_id TEXT REFERENCES sessions(id) ON DELETE CASCADE,
    summary_text TEXT,
    from_iteration INTEGER,
    to_iteration INTEGER,
    tasks_completed INTEGER,
    tasks_remaining INTEGER,
    tests_passing INTEGER,
    tests_failing INTEGER,
    features_passing INTEGER,
    features_total INTEGER,
    last_commit_sha TEXT,
    files_changed JSON,
    created_at TIMESTAMP
);
CREATE INDEX progress_summaries_by_session_id ON progress_summaries(session_id);
CREATE TABLE research_findings (
    id INTEGER PRIMARY KEY,
    research_session_id INTEGER REFERENCES research_sessions(id) ON DELETE CASCADE,
    finding_type TEXT,
    title TEXT,
    description TEXT,
    source TEXT,
    file_path TEXT,
    evidence JSON,
    priority TEXT,
    timestamp TIMESTAMP
);
CREATE INDEX research_findings_by_timestamp ON research_findings(timestamp);
CREATE TABLE research_sessions (
    id INTEGER PRIMARY KEY,
    session_id TEXT REFERENCES sessions(id) ON DELETE CASCADE,
    started_at TIMESTAMP,
    completed_at TIMESTAMP,
    status TEXT,
    findings_count INTEGER,
    recommendations_count INTEGER,
    blockers_found INTEGER
);
CREATE INDEX research_sessions_by_session_id ON research_sessions(session_id);
CREATE TABLE rollbacks (
    id INTEGER PRIMARY KEY,
    rollback_type TEXT,
    target_commit TEXT,
    target_tag TEXT,
    reason TEXT,
    from_commit TEXT,
    trigger_type TEXT,
    check_type TEXT,
    backup_branch TEXT,
    rolled_back_at TIMESTAMP
);
CREATE INDEX rollbacks_by_rollback_type ON rollbacks(rollback_type);
CREATE TABLE schema_version (
    version INTEGER PRIMARY KEY,
    applied_at TIMESTAMP
);
CREATE TABLE session_phases (
    id INTEGER PRIMARY KEY,
    session_id TEXT REFERENCES sessions(id) ON DELETE CASCADE,
    phase_type TEXT,
    is_first_run BOOLEAN,
    init_script_created BOOLEAN,
    features_enumerated BOOLEAN,
    progress_file_created BOOLEAN,
    baseline_commit_sha TEXT,
    features_attempted INTEGER,
    features_completed INTEGER,
    resumed_from_session TEXT,
    resume_point TEXT,
    created_at TIMESTAMP
);
CREATE INDEX session_phases_by_session_id ON session_phases(session_id);
CREATE TABLE session_state (
    session_id TEXT REFERENCES sessions(id) ON DELETE CASCADE,
    key TEXT,
    value JSON,
    updated_at TIMESTAMP,
    PRIMARY KEY (session_id, key)
);
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    started_at TIMESTAMP,
    ended_at TIMESTAMP,
    command TEXT,
    command_type TEXT,
    status TEXT,
    exit_reason TEXT,
    current_phase TEXT,
    current_task_id TEXT,
    current_agent TEXT,
    current_model TEXT,
    current_iteration INTEGER,
    max_iterations INTEGER,
    consecutive_failures INTEGER,
    max_consecutive_failures INTEGER,
    circuit_breaker_state TEXT,
    plan_id TEXT,
    sprint_id TEXT,
    execution_mode TEXT,
    total_tokens_input INTEGER,
    total_tokens_output INTEGER,
    total_cost_cents INTEGER,
    bug_council_activated BOOLEAN,
    bug_council_reason TEXT
);
CREATE INDEX sessions_by_plan_id ON sessions(plan_id);
CREATE INDEX sessions_by_sprint_id ON sessions(sprint_id);
CREATE INDEX sessions_by_status ON sessions(status);
CREATE TABLE task_attempts (
    id INTEGER PRIMARY KEY,
    task_id TEXT REFERENCES tasks(id) ON DELETE CASCADE,
    session_id TEXT REFERENCES sessions(id) ON DELETE SET NULL,
    attempt_number INTEGER,
    model TEXT,
    agent TEXT,
    started_at TIMESTAMP,
    ended_at TIMESTAMP,
    duration_seconds INTEGER,
    status TEXT,
    error_type TEXT,
    error_message TEXT,
    tokens_input INTEGER,
    tokens_output INTEGER,
    cost_cents INTEGER
);
CREATE INDEX task_attempts_by_session_id ON task_attempts(session_id);
CREATE INDEX task_attempts_by_task_id ON task_attempts(task_id);
CREATE TABLE task_files (
    id INTEGER PRIMARY KEY,
    task_id TEXT REFERENCES tasks(id) ON DELETE CASCADE,
    file_path TEXT,
    file_type TEXT,
    access_type TEXT,
    is_pattern BOOLEAN
);
CREATE INDEX task_files_by_task_id ON task_files(task_id);
CREATE TABLE tasks (
    id TEXT PRIMARY KEY,
    name TEXT,
    description TEXT,
    task_type TEXT,
    plan_id TEXT REFERENCES plans(id) ON DELETE SET NULL,
    sprint_id TEXT,
    parent_task_id TEXT,
    session_id TEXT REFERENCES sessions(id) ON DELETE SET NULL,
    status TEXT,
    scope_files TEXT,
    scope_json JSON,
    assigned_agent TEXT,
    assigned_model TEXT,
    priority TEXT,
    sequence INTEGER,
    depends_on JSON,
    blocks JSON,
    estimated_effort TEXT,
    actual_iterations INTEGER,
    files_changed JSON,
    created_at TIMESTAMP,
    started_at TIMESTAMP,
    completed_at TIMESTAMP,
    result_summary TEXT,
    error_message TEXT,
    commit_sha TEXT
);
CREATE INDEX tasks_by_session_id ON tasks(session_id);
CREATE INDEX tasks_by_plan_id ON tasks(plan_id);
CREATE INDEX tasks_by_sprint_id ON tasks(sprint_id);
CREATE INDEX tasks_by_status ON tasks(status);
CREATE INDEX tasks_by_started_at ON tasks(started_at);
CREATE TABLE token_usage (
    id INTEGER PRIMARY KEY,
    session_id TEXT,
    task_id TEXT,
    sprint_id TEXT,
    model TEXT,
    input_tokens INTEGER,
    output_tokens INTEGER,
    cost_usd REAL,
    operation TEXT,
    agent_name TEXT,
    recorded_at TIMESTAMP
);
CREATE INDEX token_usage_by_session_id ON token_usage(session_id);
CREATE INDEX token_usage_by_task_id ON token_usage(task_id);
CREATE INDEX token_usage_by_sprint_id ON token_usage(sprint_id);
CREATE INDEX token_usage_by_model ON token_usage(model);
CREATE INDEX token_usage_by_recorded_at ON token_usage(recorded_at);
CREATE VIEW v_current_session AS SELECT s.id, s.status, count(e.id) AS events FROM sessions s LEFT JOIN events e ON e.session_id = s.id GROUP BY s.id;
CREATE VIEW v_session_summary AS SELECT s.id, s.status, count(e.id) AS events FROM sessions s LEFT JOIN events e ON e.session_id = s.id GROUP BY s.id;
CREATE VIEW v_model_usage AS SELECT model, sum(cost_usd) AS cost FROM token_usage GROUP BY model;
CREATE VIEW v_agent_performance AS SELECT gate, avg(passed) AS rate FROM gate_results GROUP BY gate;
CREATE VIEW v_current_task AS SELECT id, name, status FROM tasks;
CREATE VIEW v_sprint_progress AS SELECT gate, avg(passed) AS rate FROM gate_results GROUP BY gate;
CREATE VIEW v_task_attempts_summary AS SELECT id, name, status FROM tasks;
CREATE VIEW v_gate_pass_rates AS SELECT gate, avg(passed) AS rate FROM gate_results GROUP BY gate;
CREATE VIEW v_acceptance_criteria_status AS SELECT gate, avg(passed) AS rate FROM gate_results GROUP BY gate;
CREATE VIEW v_feature_status AS SELECT gate, avg(passed) AS rate FROM gate_results GROUP BY gate;
CREATE VIEW v_context_status AS SELECT gate, avg(passed) AS rate FROM gate_results GROUP BY gate;
CREATE VIEW v_session_cost AS SELECT s.id, s.status, count(e.id) AS events FROM sessions s LEFT JOIN events e ON e.session_id = s.id GROUP BY s.id;
CREATE VIEW v_daily_cost AS SELECT model, sum(cost_usd) AS cost FROM token_usage GROUP BY model;
CREATE VIEW v_error_summary AS SELECT gate, avg(passed) AS rate FROM gate_results GROUP BY gate;
CREATE TRIGGER sessions_ended AFTER UPDATE OF status ON sessions WHEN new.status = 'ended' BEGIN
    INSERT INTO events(session_id, event_type, message) VALUES(new.id, 'session_ended', 'by trigger');
END;
CREATE TRIGGER sessions_logged AFTER INSERT ON sessions BEGIN
    INSERT INTO error_log(session_id, operation) VALUES(new.id, 'session inserted');
END;
INSERT INTO schema_version VALUES(4, '2026-01-29 11:00:00');
COMMIT;
