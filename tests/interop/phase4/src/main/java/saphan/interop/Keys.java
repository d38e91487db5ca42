package saphan.interop;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collections;

import com.helger.json.IJson;
import com.helger.json.IJsonArray;
import com.helger.json.IJsonObject;
import com.helger.phase4.crypto.AS4CryptoFactoryInMemoryKeyStore;
import com.helger.phase4.crypto.IAS4CryptoFactory;

/** Key stores from PKCS#12 files and certificates from PEM files. The password protects nothing: test keys. */
final class Keys {
    static final char[] PASSWORD = "test-only".toCharArray();

    final KeyStore store;
    final KeyStore trusted;

    /** "keys": {"alias": "file.p12", …}, "trust": ["file.pem", …]. */
    Keys(IJsonObject names) throws GeneralSecurityException, IOException {
        store = empty();
        trusted = empty();
        for (String alias : names.getAsObject("keys").getAll().keySet())
            add(alias, names.getAsObject("keys").getAsString(alias));
        IJsonArray trust = names.getAsArray("trust");
        int count = 0;
        for (IJson file : trust)
            for (Certificate certificate : read(file.getAsValue().getAsString()))
                trusted.setCertificateEntry("trusted-" + count++, certificate);
    }

    private static KeyStore empty() throws GeneralSecurityException, IOException {
        KeyStore made = KeyStore.getInstance("PKCS12");
        made.load(null, PASSWORD);
        return made;
    }

    private void add(String alias, String file) throws GeneralSecurityException, IOException {
        KeyStore from = KeyStore.getInstance("PKCS12");
        try (InputStream in = new FileInputStream(file)) {
            from.load(in, PASSWORD);
        }
        for (String name : Collections.list(from.aliases()))
            if (from.isKeyEntry(name))
                store.setKeyEntry(alias, from.getKey(name, PASSWORD), PASSWORD, from.getCertificateChain(name));
    }

    IAS4CryptoFactory factory(String alias) {
        return new AS4CryptoFactoryInMemoryKeyStore(store, alias, PASSWORD, trusted);
    }

    static X509Certificate one(String file) throws GeneralSecurityException, IOException {
        return (X509Certificate) read(file).iterator().next();
    }

    private static Iterable<? extends Certificate> read(String file) throws GeneralSecurityException, IOException {
        try (InputStream in = new FileInputStream(file)) {
            return CertificateFactory.getInstance("X.509").generateCertificates(in);
        }
    }
}
