-- Who waits for a table's lock holds up everybody behind it, claims too. A migration that does not get it gives up and is tried again.
set lock_timeout = '1s';
