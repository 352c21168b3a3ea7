"""Tasks: numbers that fail are somebody's to mend: the household's, its leader's, then the village head's.

Below drills, which report what they find; above delivery, which carries the texts. Tables: phone_tasks, task_texts,
upkeep_hours, holidays. It must not know alarms and escalation.
"""
