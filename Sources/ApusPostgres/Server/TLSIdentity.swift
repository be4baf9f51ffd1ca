// TLSIdentity owns a certificate and its key, as GnuTLS uses them for connections.

public import ApusBase
import CGnuTLS

/// What a server shows of itself over TLS. Immutable once made; used by many connections.
public final class TLSIdentity: @unchecked Sendable {
  let credentials: gnutls_certificate_credentials_t

  /// Reads PEM files: the certificate, followed by those that vouch for it, and the private key.
  public init(certificate: String, key: String) throws(ApusError) {
    var made: gnutls_certificate_credentials_t?
    guard gnutls_certificate_allocate_credentials(&made) == 0, let made else {
      throw ApusError(.outOfMemory, "no memory for a certificate")
    }
    let code = gnutls_certificate_set_x509_key_file(made, certificate, key, GNUTLS_X509_FMT_PEM)
    guard code >= 0 else {
      gnutls_certificate_free_credentials(made)
      throw ApusError(
        .configFileError, "cannot use the certificate \"\(certificate)\" with the key \"\(key)\"",
        detail: String(cString: gnutls_strerror(code)))
    }
    credentials = made
  }

  deinit { gnutls_certificate_free_credentials(credentials) }
}
