#include "cni.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000

#define ADD_WAIT (30 * SECOND)
#define DEADLINE (120 * SECOND) /* kubelet gives up at 240 s */
#define DEL_WAIT (2 * SECOND)
#define DEL_ANSWER (20 * SECOND)
#define STATUS_DEADLINE (10 * SECOND)

extern char **environ;

static uint8_t frame[MAGIC_LENGTH + 4 + LARGEST_ENVIRONMENT + 4 +
		     LARGEST_STDIN];
static char input[LARGEST_STDIN + 1];

int64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int left(int64_t then)
{
	int64_t rest = then - now();
	return rest < 0 ? 0 : (int)rest;
}

bool write_all(int fd, const void *bytes, size_t length)
{
	const char *at = bytes;
	while (length > 0) {
		ssize_t n = write(fd, at, length);
		if (n < 0 && errno == EAGAIN) {
			struct pollfd p = { .fd = fd, .events = POLLOUT };
			poll(&p, 1, -1);
			continue;
		}
		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			at += n;
			length -= (size_t)n;
		}
	}
	return true;
}

/* A descriptor that the caller left closed must not become our socket. */
static void occupy_standard_descriptors(void)
{
	int fd;
	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= 2);
	if (fd > 2)
		close(fd);
}

static const char *environment(const char *name, const char *otherwise)
{
	const char *value = getenv(name);
	return value && *value ? value : otherwise;
}

/* Seconds in the environment, as milliseconds; absurd ones do not count. */
static int64_t seconds(const char *name, int64_t otherwise)
{
	const char *text = environment(name, "");
	char *end;
	errno = 0;
	long value = strtol(text, &end, 10);
	if (!*text || *end || errno || value < 0 || value > 3600)
		return otherwise;
	return value * SECOND;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The length, or -1 with errno; EFBIG when it does not fit. */
static ssize_t read_input(int64_t until)
{
	size_t length = 0;
	for (;;) {
		struct pollfd p = { .fd = 0, .events = POLLIN };
		int ready = poll(&p, 1, left(until));
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready == 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		ssize_t n = read(0, input + length, sizeof input - length);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			return (ssize_t)length;
		length += (size_t)n;
		if (length > LARGEST_STDIN) {
			errno = EFBIG;
			return -1;
		}
	}
}

static uint8_t *put_length(uint8_t *at, size_t length)
{
	*at++ = (uint8_t)(length >> 24);
	*at++ = (uint8_t)(length >> 16);
	*at++ = (uint8_t)(length >> 8);
	*at++ = (uint8_t)length;
	return at;
}

/* The length of the frame, or 0 when the environment is too large for it. */
static size_t compose(size_t input_length)
{
	uint8_t *at = frame;
	memcpy(at, MAGIC, MAGIC_LENGTH);
	at += MAGIC_LENGTH;
	uint8_t *length_at = at;
	uint8_t *start = at + 4;
	at = start;
	for (char **entry = environ; *entry; entry++) {
		if (strncmp(*entry, "CNI_", 4) != 0)
			continue;
		size_t length = strlen(*entry) + 1;
		if (length > LARGEST_ENVIRONMENT - (size_t)(at - start))
			return 0;
		memcpy(at, *entry, length);
		at += length;
	}
	put_length(length_at, (size_t)(at - start));
	at = put_length(at, input_length);
	memcpy(at, input, input_length);
	return (size_t)(at - frame) + input_length;
}

static int queue_del(const struct request *request, const char *version,
		     const char *cause)
{
	const char *container = environment("CNI_CONTAINERID", "");
	const char *interface = environment("CNI_IFNAME", "");
	const char *directory = environment("PORTOLAN_CNI_QUEUE",
					    "/var/lib/portolan/cni-queue");
	char why[400];

	if (!is_container_id(container))
		return answer_error(version, CNI_INVALID_ENVIRONMENT,
				    "CNI_CONTAINERID is missing or malformed");
	if (!is_interface_name(interface))
		return answer_error(version, CNI_INVALID_ENVIRONMENT,
				    "CNI_IFNAME is missing or malformed");
	if (enqueue(directory, container, interface, request->frame,
		    request->frame_length, why, sizeof why))
		return 0;

	char message[1000];
	snprintf(message, sizeof message,
		 "the node agent does not answer at %s, and the DEL could not "
		 "be queued for it: %s",
		 cause, why);
	return answer_error(version, CNI_TRY_AGAIN, message);
}

static int without_answer(const char *command, const char *version,
			  const struct request *request, enum outcome outcome,
			  const char *cause)
{
	char message[500];

	if (strcmp(command, "DEL") == 0)
		return queue_del(request, version, cause);
	if (!*command)
		return answer_error(version, CNI_INVALID_ENVIRONMENT,
				    "CNI_COMMAND is missing");
	snprintf(message, sizeof message,
		 "the node agent does not answer at %s", cause);
	if (strcmp(command, "STATUS") == 0)
		return answer_error(version, CNI_NOT_AVAILABLE, message);
	if (strcmp(command, "ADD") != 0 && strcmp(command, "CHECK") != 0 &&
	    strcmp(command, "GC") != 0)
		return answer_error(version, CNI_INVALID_ENVIRONMENT,
				    "CNI_COMMAND is not known");
	return answer_error(version,
			    outcome == TOO_LONG ? CNI_IO_FAILURE
						: CNI_TRY_AGAIN,
			    message);
}

/* How long to wait for what depends on who gives up when: see PROTOCOL.md. */
static void set_deadlines(const char *command, int64_t until,
			  struct request *request)
{
	int64_t start = now();
	int64_t wait = 0;
	int64_t answer = left(until);
	if (strcmp(command, "ADD") == 0 || strcmp(command, "CHECK") == 0 ||
	    strcmp(command, "GC") == 0) {
		wait = seconds("PORTOLAN_CNI_WAIT", ADD_WAIT);
	} else if (strcmp(command, "DEL") == 0) {
		wait = earlier(DEL_WAIT, seconds("PORTOLAN_CNI_WAIT", DEL_WAIT));
		answer = earlier(answer, DEL_ANSWER);
	} else if (strcmp(command, "STATUS") == 0) {
		answer = earlier(answer, STATUS_DEADLINE);
	}
	request->answer_until = start + answer;
	request->connect_until = start + earlier(wait, answer);
}

int main(void)
{
	int64_t until = now() + earlier(DEADLINE, seconds("PORTOLAN_CNI_DEADLINE",
							  DEADLINE));
	const char *command = environment("CNI_COMMAND", "");

	signal(SIGPIPE, SIG_IGN);
	occupy_standard_descriptors();

	ssize_t input_length = read_input(until);
	if (input_length < 0) {
		const char *version = caller_version(input, 0);
		if (errno == EFBIG)
			return answer_error(version, CNI_INVALID_CONFIG,
					    "the network configuration is "
					    "longer than 1 MiB");
		char message[100];
		snprintf(message, sizeof message,
			 "standard input cannot be read: %s", strerror(errno));
		return answer_error(version, CNI_IO_FAILURE, message);
	}
	const char *version = caller_version(input, (size_t)input_length);
	if (strcmp(command, "VERSION") == 0)
		return answer_version(version);

	struct request request = { .frame = frame };
	request.frame_length = compose((size_t)input_length);
	if (!request.frame_length)
		return answer_error(version, CNI_INVALID_ENVIRONMENT,
				    "the CNI_ variables are longer than 64 KiB");
	set_deadlines(command, until, &request);

	struct answer answer = { 0 };
	enum outcome outcome =
		ask_agent(environment("PORTOLAN_CNI_SOCKET",
				      "/run/portolan/cni.sock"),
			  &request, &answer);
	if (outcome != ANSWERED)
		return without_answer(command, version, &request, outcome,
				      answer.cause);
	/* An answer that nobody could read is none. */
	if (!write_all(1, answer.body, answer.length))
		return 1;
	return answer.status;
}
