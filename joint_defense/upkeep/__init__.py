"""Every number stays proven: drills and tests ring phones behind every real call; what fails is somebody's to mend.

A drill or a test is an incident of its own kind without a voice: nobody calls for help. A task asks the household, its
leader, then the village's head; a number change is asked about at the new number. Below the alarms, which stop it;
above delivery, which carries it. Tables: `models/upkeep.py`. It must not know alarms and escalation.
"""
