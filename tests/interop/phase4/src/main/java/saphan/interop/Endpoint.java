package saphan.interop;

import java.util.HashSet;
import java.util.Set;

import com.helger.json.IJson;
import com.helger.json.IJsonObject;
import com.helger.phase4.crypto.IAS4CryptoFactory;
import com.helger.phase4.model.pmode.IPMode;
import com.helger.phase4.model.pmode.resolve.IAS4PModeResolver;

/** One address of the kit with its profile, keys and the services that it knows. */
final class Endpoint implements IAS4PModeResolver {
    final String path;
    final Profile profile;
    final IAS4CryptoFactory sign;
    final IAS4CryptoFactory open;
    final boolean isSecurityDemanded;
    private final Set<String> services = new HashSet<>();

    Endpoint(IJsonObject names) throws Exception {
        path = names.getAsString("path");
        profile = Profile.of(names.getAsString("profile"));
        Keys keys = new Keys(names);
        sign = keys.factory("sign");
        open = keys.factory("open");
        isSecurityDemanded = names.getAsBoolean("demandSecurity", true);
        for (IJson service : names.getAsArray("services"))
            services.add(service.getAsValue().getAsString());
    }

    /** A service that is not known has no P-Mode; phase4's own resolver would take any. */
    @Override
    public IPMode findPMode(String pmodeId, String service, String action, String initiator, String responder,
            String agreement, String address) {
        return services.contains(service) ? profile.pmode(initiator, responder, address) : null;
    }

    IPMode anyPMode(String address) {
        return profile.pmode("initiator", "responder", address);
    }
}
