package saphan.interop;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;

import com.helger.collection.commons.CommonsArrayList;
import com.helger.http.EHttpMethod;
import com.helger.json.IJsonObject;
import com.helger.phase4.incoming.AS4IncomingProfileSelectorConstant;
import com.helger.phase4.incoming.AS4RequestHandler;
import com.helger.phase4.incoming.AS4ServerInitializer;
import com.helger.phase4.servlet.AS4UnifiedResponse;
import com.helger.phase4.servlet.AS4XServletHandler;
import com.helger.phase4.servlet.IAS4ServletRequestHandlerCustomizer;
import com.helger.web.scope.IRequestWebScopeWithoutResponse;
import com.helger.web.scope.mgr.WebScopeManager;
import com.helger.xservlet.AbstractXServlet;

import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;

/** phase4 behind Jetty, HTTPS with a client certificate that must be there. */
final class Receiver {
    private final Server server = new Server();
    private final ServletContextHandler context = new ServletContextHandler();
    private final ServerConnector connector;
    private final Map<Endpoint, Store> stores = new HashMap<>();
    final List<IJsonObject> received = Collections.synchronizedList(new ArrayList<>());

    private static final class Servlet extends AbstractXServlet {
        private static final long serialVersionUID = 1L;

        Servlet(IAS4ServletRequestHandlerCustomizer customizer) {
            settings().setMultipartEnabled(false);
            handlerRegistry().registerHandler(EHttpMethod.POST,
                    new AS4XServletHandler().setRequestHandlerCustomizer(customizer));
        }
    }

    /** phase4's servlets need its scope, so they are made when that is there. */
    private final class Scope implements ServletContextListener {
        @Override
        public void contextInitialized(ServletContextEvent event) {
            WebScopeManager.onGlobalBegin(event.getServletContext());
            Profile.registerAll();
            AS4ServerInitializer.initAS4Server();
            stores.forEach((endpoint, store) -> event.getServletContext()
                    .addServlet(endpoint.path, new Servlet(new Customizer(endpoint, store))).addMapping(endpoint.path));
        }

        @Override
        public void contextDestroyed(ServletContextEvent event) {
            AS4ServerInitializer.shutdownAS4Server();
            WebScopeManager.onGlobalEnd();
        }
    }

    private static final class Customizer implements IAS4ServletRequestHandlerCustomizer {
        private final Endpoint endpoint;
        private final Store store;

        Customizer(Endpoint endpoint, Store store) {
            this.endpoint = endpoint;
            this.store = store;
        }

        @Override
        public void customizeBeforeHandling(IRequestWebScopeWithoutResponse scope, AS4UnifiedResponse response,
                AS4RequestHandler handler) {
            handler.setCryptoFactorySign(endpoint.sign);
            handler.setCryptoFactoryCrypt(endpoint.open);
            handler.setPModeResolver(endpoint);
            handler.setIncomingProfileSelector(new AS4IncomingProfileSelectorConstant(endpoint.profile.id, true));
            handler.setProcessorSupplier(() -> new CommonsArrayList<>(store));
        }

        @Override
        public void customizeAfterHandling(IRequestWebScopeWithoutResponse scope, AS4UnifiedResponse response,
                AS4RequestHandler handler) {
            /* nothing */
        }
    }

    Receiver(int port, Keys tls) {
        SslContextFactory.Server ssl = new SslContextFactory.Server();
        ssl.setKeyStore(tls.store);
        ssl.setKeyManagerPassword(new String(Keys.PASSWORD));
        ssl.setTrustStore(tls.trusted);
        ssl.setNeedClientAuth(true);
        ssl.setIncludeProtocols("TLSv1.3", "TLSv1.2");
        SecureRequestCustomizer customizer = new SecureRequestCustomizer();
        customizer.setSniHostCheck(false);
        HttpConfiguration http = new HttpConfiguration();
        http.addCustomizer(customizer);
        connector = new ServerConnector(server, new SslConnectionFactory(ssl, "http/1.1"), new HttpConnectionFactory(http));
        connector.setHost("127.0.0.1");
        connector.setPort(port);
        server.addConnector(connector);
        server.setHandler(context);
        context.addEventListener(new Scope());
    }

    void add(Endpoint endpoint, Path folder) {
        stores.put(endpoint, new Store(folder, endpoint, received));
    }

    int start() throws Exception {
        server.start();
        return connector.getLocalPort();
    }

    void stop() throws Exception {
        server.stop();
    }
}
