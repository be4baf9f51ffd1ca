#define _GNU_SOURCE
#include "CMicroHTTPD.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int apus_http_listen(const char *address, uint16_t port, int backlog, uint16_t *bound) {
  struct sockaddr_storage place;
  memset(&place, 0, sizeof place);
  socklen_t length;
  struct sockaddr_in *four = (struct sockaddr_in *)&place;
  struct sockaddr_in6 *six = (struct sockaddr_in6 *)&place;
  if (inet_pton(AF_INET, address, &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    length = sizeof *four;
  } else if (inet_pton(AF_INET6, address, &six->sin6_addr) == 1) {
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    length = sizeof *six;
  } else {
    return -EINVAL;
  }
  int fd = socket(place.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&place, length) != 0 || listen(fd, backlog) != 0 ||
      getsockname(fd, (struct sockaddr *)&place, &length) != 0) {
    int code = errno;
    close(fd);
    return -code;
  }
  *bound = ntohs(place.ss_family == AF_INET ? four->sin_port : six->sin6_port);
  return fd;
}

struct Logger {
  ApusHTTPLog log;
  void *context;
};

static void write_log(void *cls, const char *format, va_list arguments) {
  struct Logger *logger = cls;
  char line[512];
  vsnprintf(line, sizeof line, format, arguments);
  size_t length = strlen(line);
  while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r')) line[--length] = 0;
  logger->log(logger->context, line);
}

struct MHD_Daemon *apus_http_start(
    const struct ApusHTTPSettings *settings, MHD_AccessHandlerCallback handler, MHD_RequestCompletedCallback completed,
    ApusHTTPLog log, void *context) {
  // Lives as long as the process: the daemon may log until its last thread has ended.
  struct Logger *logger = malloc(sizeof *logger);
  if (logger == NULL) return NULL;
  logger->log = log;
  logger->context = context;
  unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_ERROR_LOG;
  // The list ends at its first MHD_OPTION_END: without a certificate, at once.
  struct MHD_OptionItem encryption[3];
  memset(encryption, 0, sizeof encryption);
  encryption[0].option = MHD_OPTION_END;
  if (settings->certificate != NULL && settings->key != NULL) {
    flags |= MHD_USE_TLS;
    encryption[0].option = MHD_OPTION_HTTPS_MEM_CERT;
    encryption[0].ptr_value = strdup(settings->certificate);
    encryption[1].option = MHD_OPTION_HTTPS_MEM_KEY;
    encryption[1].ptr_value = strdup(settings->key);
    encryption[2].option = MHD_OPTION_END;
  }
  return MHD_start_daemon(
      flags, 0, NULL, NULL, handler, context,
      MHD_OPTION_EXTERNAL_LOGGER, write_log, (void *)logger,
      MHD_OPTION_LISTEN_SOCKET, settings->socket,
      MHD_OPTION_THREAD_POOL_SIZE, settings->threads,
      MHD_OPTION_CONNECTION_LIMIT, settings->connections_max,
      MHD_OPTION_CONNECTION_TIMEOUT, settings->idle_seconds,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, settings->connection_memory_bytes,
      MHD_OPTION_CONNECTION_MEMORY_INCREMENT, (size_t)16384,
      MHD_OPTION_STRICT_FOR_CLIENT, 1,
      MHD_OPTION_NOTIFY_COMPLETED, completed, context,
      MHD_OPTION_ARRAY, encryption,
      MHD_OPTION_END);
}

int apus_http_socket(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info == NULL ? -1 : info->connect_fd;
}

void apus_http_client(struct MHD_Connection *connection, char *text, size_t capacity) {
  text[0] = 0;
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  if (info == NULL || info->client_addr == NULL) return;
  const struct sockaddr *address = info->client_addr;
  const void *bytes = address->sa_family == AF_INET ? (const void *)&((const struct sockaddr_in *)address)->sin_addr
                                                    : (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr;
  if (inet_ntop(address->sa_family, bytes, text, (socklen_t)capacity) == NULL) text[0] = 0;
}

size_t apus_http_header_bytes(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
  return info == NULL ? 0 : info->header_size;
}

int apus_http_peer_is_gone(int socket) {
  struct pollfd one = {.fd = socket, .events = POLLRDHUP, .revents = 0};
  return poll(&one, 1, 0) > 0 && (one.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) != 0;
}
