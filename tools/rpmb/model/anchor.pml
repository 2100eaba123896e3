/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The order in which rpmb-anchor and its clients make things durable, as a model for spin
 *
 * Each of N clients keeps versions in a file of its own; the anchor keeps a ledger, and a
 * block in the hardware. Each of them may stop after any step, as often as it likes; what
 * is in memory is lost then. A write of the hardware is done; or done though no answer
 * comes; or lost; or held back, and then done later, at any time, as long as no other one
 * has moved the counter that it is signed for.
 *
 * This is asserted of all that can happen while WRITES versions are made:
 *
 *	nothing_refused	 nobody is refused who should not be, see ROLLBACK
 *	nothing_lost	 what is served is what was acknowledged or served last, or was
 *			 made from it
 *	nothing_late	 what was held back is not done any more while the anchor serves
 *
 * What somebody can do who has the disks:
 *
 *	-DROLLBACK	 put the file of a client or the ledger back to anything that was
 *			 ever durable, while the program that has it is down. That he is
 *			 refused is right then.
 *	-DFORGE		 make up files that follow what is anchored, and have old data
 *	-DTAG		 but steps and the ledger have a MAC, which he cannot make
 *
 * Each of these breaks a sentence of the order, so something must not hold:
 *
 *	-DNOT_SYNCED	 a client asks for a step that is not durable yet
 *	-DTWO_STEPS	 a client makes a step before the last one is answered
 *	-DHARDWARE_FIRST the hardware is written before the ledger
 *	-DDROP_BATCH	 what is in the ledger is taken out if the hardware does not answer
 *	-DNO_FIRST_WRITE a start does not write the block if that is right already
 *	-DANSWER_EARLY	 clients are answered before the hardware is written
 *
 * Anchors that are added and removed, accepted steps back, shares and time are not in here.
 */
#ifndef WRITES
#define WRITES 3
#endif
#define N 2
#if WRITES > 3
#error a version has two bits, see LEDGER
#endif

/*
 * A client's versions have numbers that are used once; 0 is what it begins with. A version
 * says which one it follows; the truth is what it was made from.
 */
byte made[N];
byte follows[N * 4];
byte made_from[N * 4];
bool made_up[N * 4];

#define VERSION(i, step) ((i) * 4 + step)
#define MORE_TO_MAKE (made[0] + made[1] < WRITES)

typedef table {
	byte at[N]
};

/* Durable: the clients' files, the ledger with the table before, the hardware's block */
byte kept[N];
table ledger, ledger_old;
bool ledger_made_up;
table block;

/* A write that is held back, signed for the counter that the hardware has now */
table held;
bool is_held;

/*
 * In memory
 *
 * asked: the step that the anchor is to make, or 0
 * anchored: what the anchor says, and next: what it is about to make durable
 * counter_moved: since the anchor has seen it
 */
mtype = { DOWN, SERVING, WAITING };
mtype client[N] = DOWN;
byte asked[N];
mtype = { STOPPED, STARTING, READY, GATHERED, COMMITTED };
mtype anchor = STOPPED;
table anchored, next;
bool counter_moved;

/* What others know to be there */
byte acknowledged[N];

/* All that the ledger has ever been: a bit for each */
int was[8];

#define LEDGER (ledger.at[0] + (ledger.at[1] << 2) + \
		(ledger_old.at[0] << 4) + (ledger_old.at[1] << 6))

/* Set and used within a step */
hidden byte v, nothing_refused, nothing_lost, nothing_late;

#define SAME(a, b) (a.at[0] == b.at[0] && a.at[1] == b.at[1])

#ifdef TAG
#define IS_GENUINE(i, step) (!made_up[VERSION(i, step)])
#define LEDGER_IS_GENUINE (!ledger_made_up)
#else
#define IS_GENUINE(i, step) true
#define LEDGER_IS_GENUINE true
#endif

#define IS_NEXT(i, step, from) (step != from && IS_GENUINE(i, step) && \
				follows[VERSION(i, step)] == from)

inline copy(to, from)
{
	to.at[0] = from.at[0];
	to.at[1] = from.at[1]
}

inline refuse()
{
#ifdef ROLLBACK
	nothing_refused = true;
#else
	nothing_refused = false;
#endif
	assert(nothing_refused)
}

inline make_version(i, parent, truth, forged)
{
	made[i]++;
	follows[VERSION(i, made[i])] = parent;
	made_from[VERSION(i, made[i])] = truth;
	made_up[VERSION(i, made[i])] = forged;
	kept[i] = made[i]
}

/* A client: vhost-user-rpmb, or any other user of librpmb's rpmb_anchor_*() */

/* It shows what it has */
inline serve(i)
{
	v = kept[i];
	do
	:: v == acknowledged[i] || v == 0 -> break
	:: else -> v = made_from[VERSION(i, v)]
	od;
	nothing_lost = (v == acknowledged[i]);
	assert(nothing_lost);
	acknowledged[i] = kept[i];
	client[i] = SERVING
}

/* rpmb_anchor_next(), its own storage, and the request of rpmb_anchor_advance() */
inline client_keeps(i)
{
	make_version(i, kept[i], kept[i], false);
	asked[i] = kept[i];
	client[i] = WAITING
}

/* With ROLLBACK what it has then is of no interest, since it starts from anything */
inline client_is_down(i)
{
#ifdef ROLLBACK
	kept[i] = 0;
#endif
	client[i] = DOWN
}

/* While it is down; it shows when it starts */
inline put_client_back(i)
{
	skip;
#ifdef ROLLBACK
	select(n : 0 .. made[i]);
	kept[i] = n;
	n = 0;
#endif
#ifdef FORGE
	if
	:: MORE_TO_MAKE -> make_version(i, block.at[i], 0, true)
	:: true
	fi
#endif
}

/* rpmb_anchor_verify(). The request of the one before it, if there is any, is dropped. */
inline client_starts(i)
{
	put_client_back(i);
	asked[i] = 0;
	if
	:: kept[i] == anchored.at[i] && IS_GENUINE(i, kept[i]) ->
		serve(i)
	:: IS_NEXT(i, kept[i], anchored.at[i]) ->
		asked[i] = kept[i];
		client[i] = WAITING
	:: else ->
		refuse();
		client_is_down(i)
	fi
}

/* What it has asked for may be on its way to the anchor, or not */
inline client_stops(i)
{
#ifdef NOT_SYNCED
	if
	:: client[i] == WAITING -> kept[i] = follows[VERSION(i, kept[i])]
	:: else
	fi;
#endif
	if
	:: asked[i] = 0
	:: true
	fi;
	client_is_down(i)
}

#ifdef TWO_STEPS
#define MAY_MAKE_STEP(i) (client[i] != DOWN)
#else
#define MAY_MAKE_STEP(i) (client[i] == SERVING)
#endif

#ifdef ANSWER_EARLY
#define IS_ANSWERED(i) (kept[i] == anchored.at[i] || \
			(anchor == COMMITTED && kept[i] == next.at[i]))
#else
#define IS_ANSWERED(i) (kept[i] == anchored.at[i])
#endif

#define ANCHOR_SERVES (anchor != STOPPED && anchor != STARTING)

active [N] proctype client_program()
{
	byte n;

	do
	:: atomic { MAY_MAKE_STEP(_pid) && MORE_TO_MAKE -> client_keeps(_pid) }
	:: atomic { client[_pid] == DOWN && ANCHOR_SERVES -> client_starts(_pid) }
	:: atomic { client[_pid] == WAITING && IS_ANSWERED(_pid) -> serve(_pid) }
	:: atomic { client[_pid] != DOWN -> client_stops(_pid) }
	od
}

/* rpmb-anchor */

/* Clients that have lost it begin again. With ROLLBACK the ledger is of no interest then. */
inline anchor_stops()
{
	anchor = STOPPED;
	counter_moved = false;
#ifdef ROLLBACK
	for (v : 0 .. N - 1) {
		ledger.at[v] = 0;
		ledger_old.at[v] = 0
	};
	ledger_made_up = false;
#endif
	for (v : 0 .. N - 1) {
		client_is_down(v);
		asked[v] = 0;
		anchored.at[v] = 0;
		next.at[v] = 0
	}
}

/* While the anchor is down; it shows when it starts */
inline put_ledger_back()
{
	skip;
#ifdef ROLLBACK
	do
	:: n < 255 -> n++
	:: n == 255 -> n = 0; break	/* what was there first */
	:: (was[n / 32] >> (n % 32)) & 1 -> break
	od;
	ledger.at[0] = n & 3;
	ledger.at[1] = (n >> 2) & 3;
	ledger_old.at[0] = (n >> 4) & 3;
	ledger_old.at[1] = n >> 6;
	ledger_made_up = false;
	n = 0;
#endif
#ifdef FORGE
	if
	:: true ->
		copy(ledger_old, block);
		copy(ledger, block);
		ledger.at[0] = 0;
		ledger_made_up = true
	:: true
	fi
#endif
}

/* recover(): compare ledger and hardware. The table of the ledger is to be written. */
inline recover()
{
	put_ledger_back();
	if
	:: LEDGER_IS_GENUINE && (SAME(block, ledger) || SAME(block, ledger_old)) ->
		counter_moved = false;
		copy(next, ledger);
		anchor = STARTING
	:: else ->
		refuse();
		anchor_stops()
	fi;
#ifdef NO_FIRST_WRITE
	if
	:: anchor == STARTING && SAME(block, ledger) -> hardware_is_written()
	:: else
	fi
#endif
}

/* step_apply() */
inline take_step(i)
{
	if
	:: IS_NEXT(i, asked[i], anchored.at[i]) ->
		next.at[i] = asked[i]
	:: asked[i] != 0 && asked[i] != anchored.at[i] &&
	   !IS_NEXT(i, asked[i], anchored.at[i]) ->
		refuse();
		client_is_down(i)
	:: asked[i] == 0 || asked[i] == anchored.at[i]
	fi;
	asked[i] = 0
}

/* gather(): all that is asked for goes together */
inline gather()
{
	copy(next, anchored);
	take_step(0);
	take_step(1);
	if
	:: SAME(next, anchored)
	:: else -> anchor = GATHERED
	fi
}

inline remember_ledger()
{
	skip;
#ifdef ROLLBACK
	was[LEDGER / 32] = was[LEDGER / 32] | (1 << (LEDGER % 32))
#endif
}

/* ledger_commit() */
inline ledger_commit()
{
	copy(ledger_old, anchored);
	copy(ledger, next);
	ledger_made_up = false;
	remember_ledger();
#ifdef HARDWARE_FIRST
	copy(anchored, next);
	anchor = READY
#else
	anchor = COMMITTED
#endif
}

/* commit_end() */
inline hardware_is_written()
{
	counter_moved = false;
#ifdef HARDWARE_FIRST
	if
	:: anchor == GATHERED ->
		anchor = COMMITTED
	:: else ->
		copy(anchored, next);
		anchor = READY
	fi
#else
	copy(anchored, next);
	anchor = READY
#endif
}

/* HARDWARE_FAILED: nobody knows, and the next start goes on from there */
inline hardware_fails(done)
{
#ifdef DROP_BATCH
	if
	:: anchor == COMMITTED ->
		copy(ledger, ledger_old);
		counter_moved = done;
		anchor = READY
	:: else ->
		anchor_stops()
	fi
#else
	anchor_stops()
#endif
}

/* HARDWARE_OTHER_WRITER: a start looks again, the server stops */
inline hardware_has_moved()
{
	if
	:: anchor != STARTING -> refuse()
	:: else
	fi;
	anchor_stops()
}

/* hardware_write(), with what may become of it, and settle() */
inline hardware_write()
{
	if
	:: counter_moved && SAME(block, next) -> hardware_is_written()
	:: counter_moved && !SAME(block, next) -> hardware_has_moved()
	:: !counter_moved ->
		is_held = false;
		copy(block, next);
		hardware_is_written()
	:: !counter_moved ->
		is_held = false;
		copy(block, next);
		hardware_fails(true)
	:: !counter_moved ->
		hardware_fails(false)
	:: !counter_moved ->
		is_held = true;
		copy(held, next);
		hardware_fails(false)
	fi
}

#ifdef HARDWARE_FIRST
#define TO_LEDGER COMMITTED
#define TO_HARDWARE GATHERED
#else
#define TO_LEDGER GATHERED
#define TO_HARDWARE COMMITTED
#endif

active proctype anchor_program()
{
	byte n;

	atomic { remember_ledger() };
	do
	:: atomic { anchor == STOPPED -> recover() }
	:: atomic { anchor == READY && (asked[0] || asked[1]) -> gather() }
	:: atomic { anchor == TO_LEDGER -> ledger_commit() }
	:: atomic { anchor == STARTING || anchor == TO_HARDWARE -> hardware_write() }
	:: atomic { anchor != STOPPED -> anchor_stops() }
	od
}

/* Between the anchor and the hardware */
active proctype somewhere_on_the_way()
{
	do
	:: atomic { is_held ->
		nothing_late = !ANCHOR_SERVES;
		assert(nothing_late);
		copy(block, held);
		is_held = false;
		counter_moved = (anchor != STOPPED)
	   }
	od
}
