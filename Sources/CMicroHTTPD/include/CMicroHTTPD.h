// libmicrohttpd for Swift: the library's header, and wrappers for its variadic functions.
#ifndef C_MICRO_HTTPD_H
#define C_MICRO_HTTPD_H

#include <microhttpd.h>
#include <stdint.h>

// The library's constants under names that Swift sees as they are.
static const enum MHD_Result apus_http_yes = MHD_YES;
static const enum MHD_Result apus_http_no = MHD_NO;
static const enum MHD_ValueKind apus_http_header_kind = MHD_HEADER_KIND;
static const enum MHD_ValueKind apus_http_argument_kind = MHD_GET_ARGUMENT_KIND;
static const enum MHD_ResponseMemoryMode apus_http_copy = MHD_RESPMEM_MUST_COPY;

/// A listening TCP socket on a numeric address (IPv4 or IPv6), not blocking, close-on-exec. Port 0 takes a free one;
/// `bound` gets the port. The descriptor, or a negative errno value.
int apus_http_listen(const char *address, uint16_t port, int backlog, uint16_t *bound);

/// What a daemon is started with.
struct ApusHTTPSettings {
  int socket;
  unsigned int threads;
  unsigned int connections_max;
  unsigned int idle_seconds;
  size_t connection_memory_bytes;
  // PEM texts for HTTPS; both NULL for HTTP. They are copied.
  const char *certificate;
  const char *key;
};

typedef void (*ApusHTTPLog)(void *context, const char *line);

/// Starts an epoll pool on the socket, which it then owns. NULL when it cannot. `context` goes to every callback.
struct MHD_Daemon *apus_http_start(
    const struct ApusHTTPSettings *settings, MHD_AccessHandlerCallback handler, MHD_RequestCompletedCallback completed,
    ApusHTTPLog log, void *context);

/// The connection's socket, or -1.
int apus_http_socket(struct MHD_Connection *connection);

/// The client's numeric address, "" when unknown. `capacity` is the size of `text`.
void apus_http_client(struct MHD_Connection *connection, char *text, size_t capacity);

/// Bytes of the request's line and headers; 0 when unknown.
size_t apus_http_header_bytes(struct MHD_Connection *connection);

/// Whether the peer of a socket has closed or reset it.
int apus_http_peer_is_gone(int socket);

#endif
