/* Licensed under the Apache License, Version 2.0; see LICENSE. */
import javax.net.ssl.SSLContext;
import org.apache.http.auth.AuthScope;
import org.apache.http.auth.UsernamePasswordCredentials;
import org.apache.http.client.methods.HttpGet;
import org.apache.http.impl.client.BasicCredentialsProvider;
import org.apache.http.impl.client.CloseableHttpClient;
import org.apache.http.impl.client.HttpClients;
import org.apache.http.ssl.SSLContexts;
import org.apache.http.util.EntityUtils;

/** java -cp httpclient.jar:... Commons.java USER PASSWORD URL... */
public class Commons {
    public static void main(String[] args) throws Exception {
        SSLContext tls = SSLContexts.custom()
            .loadTrustMaterial((chain, type) -> true).build();
        BasicCredentialsProvider known = new BasicCredentialsProvider();
        known.setCredentials(AuthScope.ANY,
            new UsernamePasswordCredentials(args[0], args[1]));
        for (int i = 2; i < args.length; i++) {
            try (CloseableHttpClient client = HttpClients.custom()
                     .setDefaultCredentialsProvider(known)
                     .setSSLContext(tls).build()) {
                EntityUtils.consume(
                    client.execute(new HttpGet(args[i])).getEntity());
            } catch (Exception e) {
                System.err.println(args[i] + ": " + e);
            }
        }
    }
}
