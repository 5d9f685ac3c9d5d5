/* Licensed under the Apache License, Version 2.0; see LICENSE. */
import java.io.InputStream;
import java.net.Authenticator;
import java.net.HttpURLConnection;
import java.net.PasswordAuthentication;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** java Clients.java connection|client USER PASSWORD URL... */
public class Clients {
    private static SSLContext trusting(String file) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream in = Files.newInputStream(Path.of(file))) {
            store.setCertificateEntry("server",
                CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(
            TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(null, trust.getTrustManagers(), null);
        return tls;
    }

    private static Authenticator answering(String user, String password) {
        return new Authenticator() {
            @Override
            protected PasswordAuthentication getPasswordAuthentication() {
                return new PasswordAuthentication(user, password.toCharArray());
            }
        };
    }

    /* What it knows it shares among all that have the same Authenticator. */
    private static void connection(URL url, Authenticator who, SSLContext tls)
            throws Exception {
        HttpURLConnection connection = (HttpURLConnection) url.openConnection();
        if (connection instanceof HttpsURLConnection secure)
            secure.setSSLSocketFactory(tls.getSocketFactory());
        connection.setAuthenticator(who);
        connection.setReadTimeout(10000);
        connection.getInputStream().readAllBytes();
    }

    private static void client(URI url, Authenticator who, SSLContext tls)
            throws Exception {
        HttpClient client = HttpClient.newBuilder().authenticator(who)
            .sslContext(tls).build();
        client.send(HttpRequest.newBuilder(url).timeout(Duration.ofSeconds(10))
                        .build(),
                    HttpResponse.BodyHandlers.discarding());
    }

    public static void main(String[] args) throws Exception {
        SSLContext tls = trusting(System.getenv("SSL_CERT_FILE"));
        for (int i = 3; i < args.length; i++) {
            Authenticator who = answering(args[1], args[2]);
            try {
                if (args[0].equals("connection"))
                    connection(new URL(args[i]), who, tls);
                else
                    client(URI.create(args[i]), who, tls);
            } catch (Exception e) {
                System.err.println(args[i] + ": " + e);
            }
        }
    }
}
