-- Three plans of work, each with its sessions and what hangs on them.
PRAGMA foreign_keys = ON;
BEGIN;
INSERT INTO plans(id, name, status) VALUES('plan-1', 'first', 'open'), ('plan-2', 'second', 'open');
WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12)
INSERT INTO sessions(id, started_at, command, command_type, status, plan_id, current_iteration)
SELECT printf('session-%02d', i), printf('2026-01-29 12:%02d:00', i), '/run', 'implement', 'running', 'plan-' || (1 + i % 2), i FROM n;
WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
INSERT INTO tasks(id, name, plan_id, session_id, status, depends_on)
SELECT printf('task-%02d', i), 'task ' || i, 'plan-' || (1 + i % 2), printf('session-%02d', 1 + i % 12), 'open',
    json_array(i - 1, i - 2) FROM n;
WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600)
INSERT INTO events(session_id, timestamp, event_type, agent, data, message)
SELECT printf('session-%02d', 1 + i % 12), '2026-01-29 12:00:00', 'tool', 'agent-' || (i % 5),
    json_object('i', i, 'text', hex(randomblob(40))), 'event ' || i FROM n;
WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
INSERT INTO agent_runs(session_id, agent, model, status, task_id) SELECT printf('session-%02d', 1 + i % 12),
    'agent-' || (i % 5), 'large', 'done', printf('task-%02d', 1 + i % 40) FROM n;
WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 36)
INSERT INTO gate_results(session_id, gate, iteration, passed, details) SELECT printf('session-%02d', 1 + i % 12), 'tests', i,
    i % 3 > 0, json_object('n', i) FROM n;
INSERT INTO session_state(session_id, key, value) SELECT id, 'phase', json_object('of', id) FROM sessions;
INSERT INTO task_attempts(task_id, session_id, attempt_number) SELECT id, session_id, 1 FROM tasks;
INSERT INTO bugs(session_id, description) SELECT id, 'bug of ' || id FROM sessions WHERE id < 'session-05';
INSERT INTO interviews(id, session_id, interview_type, status) VALUES(1, 'session-03', 'goals', 'done');
INSERT INTO interview_questions(interview_id, question_key, question_text, sequence)
VALUES(1, 'why', 'Why?', 1), (1, 'when', 'When?', 2);
COMMIT;
