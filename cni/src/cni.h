/*
 * What kubelet runs: it carries standard input and CNI_* to the node agent's
 * unix socket and the answer back. Every decision is the agent's; what is
 * decided here is only what cannot be asked while the agent is away. The
 * protocol and the promises are in PROTOCOL.md.
 *
 * One request, one thread, no heap: all room is static and as large as the
 * limits say, and untouched pages cost nothing.
 */
#ifndef PORTOLAN_CNI_H
#define PORTOLAN_CNI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAGIC "PCNI1\n"
#define MAGIC_LENGTH 6
#define LARGEST_ENVIRONMENT (64 * 1024)
#define LARGEST_STDIN (1024 * 1024)
#define LARGEST_ANSWER (4 * 1024 * 1024)

/* Error codes of the CNI specification. */
enum {
	CNI_INVALID_ENVIRONMENT = 4,
	CNI_IO_FAILURE = 5,
	CNI_INVALID_CONFIG = 7,
	CNI_TRY_AGAIN = 11,
	CNI_NOT_AVAILABLE = 50,
};

/* Milliseconds of the monotonic clock. */
int64_t now(void);

/* Milliseconds from now to then, for poll: at least 0. */
int left(int64_t then);

bool write_all(int fd, const void *bytes, size_t length);

/* The caller's cniVersion, or the default when there is none to be found. */
const char *caller_version(const char *json, size_t length);

/* Both print one line of JSON and return the exit status that goes with it. */
int answer_version(const char *version);
int answer_error(const char *version, int code, const char *message);

struct request {
	const uint8_t *frame;
	size_t frame_length;
	int64_t connect_until;
	int64_t answer_until;
};

enum outcome { ANSWERED, NOT_CONNECTED, BROKEN, TOO_LATE, TOO_LONG };

struct answer {
	int status;
	const uint8_t *body;
	size_t length;
	char cause[420]; /* why not ANSWERED, for the user */
};

enum outcome ask_agent(const char *socket_path, const struct request *request,
		       struct answer *answer);

/* As the specification and libcni define them. */
bool is_container_id(const char *text);
bool is_interface_name(const char *text);

/*
 * When this returns true, the frame survives a power cut under a name made of
 * the two. They must be valid. Otherwise cause says why.
 */
bool enqueue(const char *directory, const char *container_id,
	     const char *interface_name, const void *frame, size_t length,
	     char *cause, size_t cause_size);

#endif
