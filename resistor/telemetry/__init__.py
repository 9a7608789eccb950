"""Facts → logs, metrics, spans. Called by the daemon, after a commit succeeded; never by the engine.

Logs, on standard error (`logs.py`): one line a fact, its `action` being the fact's name, with `run`,
`namespace`, `workflow`, `version`, and where they are known `step` (its path), `attempt`, `module`,
`module_action`, `seconds`, `error_type`, `compensated`, `child`. No payload and no error's message: those may
be personal, and are in the run.

    step_scheduled step_started step_queued step_admitted             debug
    step_progressed step_heard                                        debug
    run_failed run_timed_out compensation_failed                      warning
    every other fact of `engine/facts.py`                             info
    message_rejected   a message went to the dead letters             warning, the first few of a reason
    publish_refused    an action found no queue, or a full one        warning, the first few of a key
    dead_letters_full  the dead queue takes nothing more              warning, the first few
    store_went_back    Redis has lost what it had confirmed           error
    repeated           so many lines like that one were left out      warning

Metrics (`counters.py` counts, `exposition.py` shows):

| metric | labels | counts |
|---|---|---|
| `resistor_runs_queued_total` | namespace, workflow | runs that waited for a slot |
| `resistor_runs_started_total` | namespace, workflow, version | runs that began |
| `resistor_runs_finished_total` | namespace, workflow, version, status | runs that ended |
| `resistor_run_duration_seconds` | namespace, workflow | histogram: from the event to the end |
| `resistor_events_without_id_total` | namespace, workflow | runs whose event cannot be deduplicated |
| `resistor_steps_scheduled_total` | module, action | actions sent |
| `resistor_steps_completed_total` | module, action | steps that ended well |
| `resistor_steps_failed_total` | module, action | attempts that failed |
| `resistor_steps_retried_total` | module, action | those of them that another attempt follows |
| `resistor_steps_timed_out_total` | module, action | those of them whose time was over |
| `resistor_steps_caught_total` | module, action | errors that a catch took |
| `resistor_steps_cancelled_total` | module, action | steps that were ended from outside |
| `resistor_steps_postponed_total` | module, action | answers `later` |
| `resistor_steps_compensated_total` | module, action | compensations that ended well |
| `resistor_compensations_failed_total` | module, action | compensations that were given up |
| `resistor_step_duration_seconds` | module, action | histogram: from sending an attempt to its end |
| `resistor_messages_total` | queue, outcome | applied, duplicate, stale, ahead, rejected |
| `resistor_messages_rejected_total` | queue, reason | dead letters made, by `errors.Reason` |
| `resistor_publishes_total` | outcome | confirmed, unroutable, refused |
| `resistor_undelivered_total` | routing_key, outcome | publishes that no queue took |
| `resistor_dead_letters_refused_total` | | dead letters that the full dead queue refused |
| `resistor_commit_conflicts_total` | | commits that another daemon was faster than |
| `resistor_store_rollbacks_total` | | times that Redis had lost what it had confirmed |
| `resistor_runs_reconciled_total` | | runs that let all out again, after that |
| `resistor_events_retold_total` | outcome | events of the journal: told, skipped (they have no id) |
| `resistor_batch_messages` | | histogram: messages decided together |
| `resistor_batch_seconds` | | histogram: from taking a batch to having it published |
| `resistor_build_info` | version, python | 1 |
| `process_…` | | CPU, memory, file descriptors of this process |

Both labels are empty for steps of other kinds than `module`; what an item of a `for` or a round of a `while`
does counts as the step's.

Spans (`tracing.py`), where the OTEL_* variables ask for them: one trace a run, which continues its event's.

| span | from, to | attributes, each `resistor.…` |
|---|---|---|
| `run <namespace>/<workflow>` | event, run's end | `run`, `namespace`, `workflow`, `version`, `status` |
| `step <id>` | sending an attempt, its end | the run's, `step`, `path`, `attempt`, `module`, `action` |
| `compensate <id>` | likewise | likewise |

Both have `error.type` and the status ERROR where they failed. Their ids are derived (`engine/identity.py`):
whichever daemon sees the end emits the span, and nothing is kept in memory until then.
"""

from resistor.telemetry.counters import Counters
from resistor.telemetry.logs import configure_logging
from resistor.telemetry.recording import Telemetry, telemetry_for
from resistor.telemetry.throttle import Throttle

__all__ = ["Counters", "Telemetry", "Throttle", "configure_logging", "telemetry_for"]
