/** Français. */

import type { Messages } from "./index.js";

export const fr: Messages = {
  language: "fr",
  sharing: "Partage",
  states: {
    on: "Le partage est activé",
    off: "Le partage est désactivé",
    asking: "Le partage attend votre réponse",
    waiting: "Le partage est en attente",
  },
  on: "Des parties de la vidéo viennent d’autres spectateurs, et vous transmettez ce que vous avez regardé.",
  asking: "Rien n’est partagé avant votre réponse. La vidéo vient du serveur.",
  reasons: {
    "engine-failed": "Le partage s’est arrêté à cause d’un défaut du lecteur. La vidéo vient du serveur.",
    "few-viewers": "Il y a trop peu de spectateurs pour partager. La vidéo vient du serveur.",
    metered:
      "Cette connexion est facturée au volume ou économise les données : le partage ne démarre pas de lui-même. Vous pouvez l’activer.",
    "no-index": "Cette vidéo ne peut pas être partagée : le serveur n’a pas d’index pour en vérifier les parties.",
    "no-relay":
      "Vous masquez votre adresse, et ce site n’a pas de relais joignable. La vidéo vient du serveur.",
    "no-mse": "Ce navigateur lit lui-même la vidéo : ses parties ne peuvent pas être partagées.",
    "no-wasm": "Ce navigateur n’a pas WebAssembly, ou il est désactivé : rien ne peut être partagé.",
    "no-webrtc":
      "Ce navigateur n’a pas WebRTC, ou il est désactivé : il ne peut pas se connecter à d’autres spectateurs.",
    page: "Cette page laisse le partage désactivé.",
    site: "L’exploitant de ce site laisse le partage désactivé.",
    starting: "Le lecteur se prépare à partager.",
    tracker: "Le tracker, qui présente les spectateurs les uns aux autres, est injoignable. Le lecteur réessaie.",
    video: "Cette vidéo n’est pas destinée au partage.",
    "webrtc-blocked":
      "Ce navigateur, une extension ou le réseau ne laisse aucun autre spectateur se connecter. La vidéo vient du serveur.",
    you: "Vous avez désactivé le partage. La vidéo vient du serveur.",
  },
  details: (peers) => `Détails du partage, ${people(peers)}`,
  close: "Fermer",
  fromPeers: "Des spectateurs",
  fromServer: "Du serveur",
  uploaded: "Transmis par vous",
  connected: (peers, swarm) => (swarm > 1 ? `${people(peers)} sur ${String(swarm - 1)}` : people(peers)),
  perSecond: (amount) => `${amount}/s`,
  received: "Réception",
  sent: "Envoi",
  explain: "Ce que partager veut dire",
  notice: {
    label: "À propos du partage de cette vidéo",
    ask: "Partager cette vidéo avec d’autres spectateurs ?",
    on: "Vous partagez cette vidéo avec d’autres spectateurs",
    what: "Les spectateurs s’en envoient des parties : vous transmettez ce que vous avez regardé. Eux, et le tracker qui les présente, peuvent voir votre adresse IP.",
    why: "Cela ménage le serveur, pour que plus de gens puissent regarder.",
    off: "Sinon tout vient du serveur, qui voit votre adresse dans tous les cas.",
    share: "Partager",
    serverOnly: "Seulement du serveur",
    understood: "OK",
  },
  speed: "Vitesse",
  quality: "Qualité",
  captions: "Sous-titres",
  retry: "Réessayer",
  dismiss: "Masquer",
  errors: {
    "attribute-invalid": "Un attribut de ce lecteur a une valeur qu’il ne connaît pas.",
    "engine-failed": "Le partage s’est arrêté à cause d’un défaut du lecteur. La vidéo continue depuis le serveur.",
    "index-malformed":
      "Cette vidéo n’est pas partagée : son index est abîmé. L’exploitant du site peut en refaire un avec « shoal index ».",
    "index-unreachable": "Cette vidéo n’est pas partagée : son index est injoignable pour le moment.",
    "media-unplayable": "Ce navigateur ne peut pas lire la vidéo. Un autre navigateur a peut-être le bon décodeur.",
    "media-unreachable": "La vidéo n’arrive pas. Vérifiez votre connexion, puis réessayez.",
    "options-invalid": "Le partage n’est pas disponible ici. La vidéo vient du serveur.",
    "playlist-malformed":
      "Cette adresse ne mène pas à une vidéo : le serveur n’a pas envoyé de liste HLS. Vérifiez l’adresse dans « src ».",
    "playlist-missing":
      "Il n’y a pas de vidéo à cette adresse. Elle a peut-être été déplacée : vérifiez l’adresse, puis réessayez.",
    "playlist-unreachable": "La vidéo est injoignable. Vérifiez votre connexion, puis réessayez.",
    "src-missing":
      "Ce lecteur n’a pas encore de vidéo. Donnez-lui l’adresse d’une liste HLS dans son attribut « src ».",
    "wasm-unavailable": "Le partage n’est pas disponible ici. La vidéo vient du serveur.",
  },
  p2pInvalid: (value) =>
    `L’attribut p2p="${value}" est inconnu : rien n’est partagé. Écrivez « ask » ou « off », ou retirez-le.`,
};

function people(peers: number): string {
  return peers === 1 ? "1 spectateur connecté" : `${String(peers)} spectateurs connectés`;
}
